"""Units, posts, people, contact points, grids."""
