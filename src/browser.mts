// The entry of the bundle for browsers: the names of the other entries, and nothing else.
export * from './library/index.js';
export { createAcquire as default } from './library/index.js';
