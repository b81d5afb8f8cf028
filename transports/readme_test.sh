#!/bin/bash
# transports/README.md shows the matrix as it is.
# shellcheck disable=SC2317 # check calls the functions
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=/dev/null
. scripts/tap.sh

matrix_in_readme() {
	sed -n '/^<!-- matrix:begin -->$/,/^<!-- matrix:end -->$/p' transports/README.md |
		sed '1,2d;$d' | sed '$d'
}

same_matrix() {
	diff <(matrix_in_readme) <("$BUILD/serve" --list)
}

check 'transports/README.md lists the cells as serve --list does' same_matrix
done_testing
