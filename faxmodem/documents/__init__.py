"""Files to pages and pages to files: PDF, image, text, TIFF-F; header line."""
