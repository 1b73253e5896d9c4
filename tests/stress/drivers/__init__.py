"""What runs the program, kills it, lets its calls fail, and looks at what is left."""
