// Forgets the reason, which the application asks for.
return { action: $args.lines.length > $state.threshold ? 'review' : 'accept' };
