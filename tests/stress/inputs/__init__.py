"""Damaged and hostile inputs, each made from its seed alone."""
