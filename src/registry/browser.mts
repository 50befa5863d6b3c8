// The entry of the bundle for browsers of the library over MQTT.
export { type ConnectedLocks, type ConnectOptions, connectLocks } from './connect-locks.js';
