"""The ground floor: what two or more stages need, and no word of tendering."""
