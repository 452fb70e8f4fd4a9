return 'Hello, ' + $args.name;
