"""How each warehouse writes a refined table in SQL: one file each, pure."""
