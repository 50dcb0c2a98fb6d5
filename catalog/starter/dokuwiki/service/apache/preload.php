<?php
// One wiki, one configuration: without these lines Debian's package takes a folder of settings from the address.
if (!defined('DOKU_CONF')) define('DOKU_CONF', '/etc/dokuwiki/');
if (!defined('DOKU_FARM')) define('DOKU_FARM', false);
