// Before anything is drawn: the colours that were chosen, so that a page does not flash in others.
import { followTheme } from './theme.js';

followTheme();
