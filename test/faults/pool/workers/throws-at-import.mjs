throw new Error('this worker has no engine');
