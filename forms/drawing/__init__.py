"""What drawing a page needs: the embedded typefaces, codes as vector paths, and the PDF file itself."""
