"""Raw state in, findings out: one file per subject; nothing here touches a host."""
