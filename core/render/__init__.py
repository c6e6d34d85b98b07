"""Paper and pictures: HTML to PDF behind one door, and figures as SVG with their data tables."""
