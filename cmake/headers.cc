// The object that precompiled headers need.
