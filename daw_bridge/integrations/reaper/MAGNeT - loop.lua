-- Closes the seam of the selected item in a new take, with the settings of the MAGNeT window, which opens if it is not.

local _, script = reaper.get_action_context()
package.path = script:match("^(.*[/\\])") .. "lib/?.lua;" .. package.path
require("say")("loop", script)
