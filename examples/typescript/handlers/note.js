// Handlers in JavaScript are checked as well.
const text = String($args.text).trim();

if (text === '') delete $state.note;
else $state.note = `${crypto.randomUUID().slice(0, 4)} ${text}`;
$view.focus('note');
return $state.note?.length ?? 0;
