// sana-video: see cli/command_table.cpp for what it can do.
#include "cli/runner.h"

int main(int argc, char** argv) { return sana::cli::run({argv + 1, argv + argc}); }
