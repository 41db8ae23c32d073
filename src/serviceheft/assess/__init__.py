"""Raw state in, findings out: what several services share of judging; nothing here touches a host."""
