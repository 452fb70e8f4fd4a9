// POST /handlers/weather: asks the application, and answers when that has answered.
const { celsius } = await $ext.weather.at($args.city);
return `${celsius} °C in ${$args.city}`;
