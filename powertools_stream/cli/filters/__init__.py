"""The filters of event source mappings that rules imply, and whether a template's let through what rules match."""
