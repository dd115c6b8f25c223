//! Running a lab: the plan of interleaved repeats, the clock around each, and the record of it all.
