// The user types. Effects before an `await` are on the screen while the catalog is queried.
const { text } = $args;

$state.query = text;
$view.command('results', 'spinner', true);
const found = await $ext.catalog.search(text);

$state.results = found.map(({ sku }) => sku);
$view.command('results', 'spinner', false);
if (found.length === 1) $view.focus('results');
