// The user types. What stands before an `await` is on the screen while the catalog is asked.
const { text } = $args;

$state.query = text;
$view.command('results', 'spinner', true);
const found = await $ext.catalog.search(text);

$state.results = found.map(({ sku }) => sku);
$view.command('results', 'spinner', false);
if (found.length === 1) $view.focus('results');
