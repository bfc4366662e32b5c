// What containers run while the memory of runtimes is measured: the smallest of programs, so that it is not what has
// the peak.
int main() { return 0; }
