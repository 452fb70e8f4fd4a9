const PromiseConstructor = Promise;

type Settle<T> = (value: T) => void;

/**
 * A promise of what `start` begins; what `start` throws rejects it. Neither an async function nor the function that a promise is made with would do:
 * both also catch that the time of the execution is over, and a loop around them would go on until its worker is ended.
 */
export function beginPromise<T>(start: (resolve: Settle<T>, reject: Settle<unknown>) => void): Promise<T> {
  let resolve: Settle<T> | undefined;
  let reject: Settle<unknown> | undefined;
  const promise = new PromiseConstructor<T>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  try {
    start(resolve as Settle<T>, reject as Settle<unknown>);
  } catch (error) {
    (reject as Settle<unknown>)(error);
  }
  return promise;
}
