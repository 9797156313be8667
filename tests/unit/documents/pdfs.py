"""PDF files made by hand, as small as they can be."""

from __future__ import annotations

from collections.abc import Sequence

MM = 72 / 25.4


def make_pdf(pages: Sequence[tuple[float, float, str]], *, missing: Sequence[int] = (), trailer: str = "") -> bytes:
    """A PDF of (width mm, height mm, content stream) pages; those in `missing` are named, but not there."""
    bodies = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for index, (width, height, content) in enumerate(pages):
        number = len(bodies) + 1
        kids.append(f"{number} 0 R" if index not in missing else "999 0 R")
        box = f"[0 0 {width * MM:.4f} {height * MM:.4f}]"
        font = "<< /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents {number + 1} 0 R /Resources << /Font {font} >> >>"
        )
        bodies.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    bodies[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(pages)} >>"
    data = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode()
    xref = len(data)
    data += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n".encode()
    data += b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    data += f"trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{xref}\n%%EOF\n".encode()
    return data


def encrypted_pdf() -> bytes:
    key = "<" + "5a" * 32 + ">"
    return make_pdf(
        [(210, 297, "")],
        trailer=f"/Encrypt << /Filter /Standard /V 1 /R 2 /O {key} /U {key} /P -4 >> /ID [<00> <00>]",
    )
