// POST /handlers/weather: asks the application, and answers when it has the result.
const { celsius } = await $ext.weather.at($args.city);
return `${celsius} °C in ${$args.city}`;
