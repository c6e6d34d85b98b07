"""Bills of quantities: as data, in every form, checked, hostile."""
