-- Makes variations of the selected item as new takes, with the settings of the MAGNeT window, which opens if it is not.

local _, script = reaper.get_action_context()
package.path = script:match("^(.*[/\\])") .. "lib/?.lua;" .. package.path
require("say")("vary", script)
