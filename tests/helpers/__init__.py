"""What the tests share: small warehouses, engines, random rows, and the scripts that run in processes of their own."""
