"""One outside system each behind one small interface; none knows another."""
