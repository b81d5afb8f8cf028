/* Stands for the checks where there is no OpenSSL. */
#include <stdio.h>

int main(void)
{
	fputs("check: this exercise needs OpenSSL, and this build is without it; on Debian and Ubuntu "
	      "apt-get install libssl-dev brings it\n",
	      stderr);
	return 77; /* for tests: skipped */
}
