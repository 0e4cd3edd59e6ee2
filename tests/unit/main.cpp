// The entry point of every unit-test program; doctest finds the cases linked beside it.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
