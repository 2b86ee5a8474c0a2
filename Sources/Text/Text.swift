// Filled by the parts of this target.
