// `caisson image VERB`: the verbs that work on images, under one name.
#include <array>

#include "cli/command.h"

namespace caisson::cli {

namespace {

constexpr std::array kVerbs = {
    Verb{"ls", "List images", verb_images},
    Verb{"rm", "Take names off images, and remove those that have none left", verb_rmi},
    Verb{"tag", "Give an image one more name", verb_tag},
    Verb{"history", "Show how an image was made", verb_history},
    Verb{"inspect", "Show all that is known about an image", verb_image_inspect},
    Verb{"tree", "Show the layers of images, and which they share", verb_image_tree},
    Verb{"prune", "Remove images that nobody uses", verb_image_prune},
    Verb{"verify", "Check who has signed an image or a tarball", verb_image_verify},
    Verb{"pull", "Pull images", verb_pull},
    Verb{"push", "Push an image", verb_push},
    Verb{"load", "Load images from an archive", verb_load},
    Verb{"save", "Write images to an archive", verb_save},
    Verb{"import", "Make an image of a root filesystem's tarball", verb_import},
    Verb{"list", "", verb_images},
    Verb{"remove", "", verb_rmi},
};

}  // namespace

int verb_image(const Command& command) { return run_verb_of_group(command, kVerbs); }

}  // namespace caisson::cli
