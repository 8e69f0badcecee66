"""Groups as hills of density: rows made ready for that question, valleys, and the count on several samples."""
