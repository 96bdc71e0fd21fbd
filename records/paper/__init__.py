"""The paper itself: places where dossiers stand, their codes, and what must hold of them."""
