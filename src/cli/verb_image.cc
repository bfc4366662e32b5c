// `caisson image VERB`: the verbs that work on images, under one name.
#include <array>

#include "cli/command.h"

namespace caisson::cli {

namespace {

constexpr std::array kVerbs = {
    Verb{"ls", "List images", verb_images, images_manual},
    Verb{"rm", "Take names off images, and remove those that have none left", verb_rmi, rmi_manual},
    Verb{"tag", "Give an image one more name", verb_tag, tag_manual},
    Verb{"history", "Show how an image was made", verb_history, history_manual},
    Verb{"inspect", "Show all that is known about an image", verb_image_inspect, image_inspect_manual},
    Verb{"tree", "Show the layers of images, and which they share", verb_image_tree, image_tree_manual},
    Verb{"prune", "Remove images that nobody uses", verb_image_prune, image_prune_manual},
    Verb{"verify", "Check who has signed an image or a tarball", verb_image_verify, image_verify_manual},
    Verb{"pull", "Pull images", verb_pull, pull_manual},
    Verb{"exists", "Say by the exit status whether there is an image", verb_image_exists, image_exists_manual},
    Verb{"push", "Push an image", verb_push, push_manual},
    Verb{"build", "Build an image from a Containerfile, by buildah", verb_build, build_manual},
    Verb{"load", "Load images from an archive", verb_load, load_manual},
    Verb{"save", "Write images to an archive", verb_save, save_manual},
    Verb{"import", "Make an image of a root filesystem's tarball", verb_import, import_manual},
    Verb{"list", "", verb_images, images_manual},
    Verb{"remove", "", verb_rmi, rmi_manual},
};

}  // namespace

std::span<const Verb> image_verbs() { return kVerbs; }

}  // namespace caisson::cli
