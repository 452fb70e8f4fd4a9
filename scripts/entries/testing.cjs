// What `require('nexus-runtime/testing')` is.
module.exports = require('./testing-kit.cjs');
