'use strict';

require('../js/v3.js');
