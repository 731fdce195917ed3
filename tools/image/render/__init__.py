"""Draws a scene in layers: sky, far land, ground, water, things with light and shadow, weather, and a style over all."""
