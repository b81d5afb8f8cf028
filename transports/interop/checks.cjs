// Results as interop_test.sh reads them: a line `ok WHAT`, or `not ok WHAT: WHY`, for each.
const limitMs = 20000;

exports.bounded = function (promise) {
	let timer;
	const late = new Promise((resolve, reject) => {
		timer = setTimeout(() => reject(new Error(`nothing in ${limitMs} ms`)), limitMs);
	});

	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

exports.check = async function (what, act) {
	try {
		await exports.bounded(act());
		console.log(`ok ${what}`);
	} catch (error) {
		console.log(`not ok ${what}: ${String(error.message).replace(/\s+/g, ' ')}`);
	}
};
