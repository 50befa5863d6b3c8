// Named levels, as the nodes know them: they belong to the arbiter, which answers with their names.
export { type Level, type Levels, makeLevels } from '../mqtt/levels';
