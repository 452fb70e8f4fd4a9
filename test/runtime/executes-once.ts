import { createRuntime } from '#src/index.js';

const runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
const { returnValue } = await runtime.executeHandler('return 1', { handlerName: 'a\nb' });
console.log(returnValue);
await runtime.shutdown();
