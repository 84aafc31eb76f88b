#include "page.h"

// `#embed` is C23, which clang takes in older C as well.
#pragma clang diagnostic ignored "-Wc23-extensions"

// Every file of the folder `page` stands here, and nowhere else.
static const struct {
    const char *name;
    const unsigned char *text;
} files[] = {
    {"index.html", (const unsigned char[]){
#embed "page/index.html" suffix(, 0)
    }},
    {"theme.js", (const unsigned char[]){
#embed "page/theme.js" suffix(, 0)
    }},
    {"app.css", (const unsigned char[]){
#embed "page/app.css" suffix(, 0)
    }},
    {"app.js", (const unsigned char[]){
#embed "page/app.js" suffix(, 0)
    }},
    {"live.js", (const unsigned char[]){
#embed "page/live.js" suffix(, 0)
    }},
    {"views.js", (const unsigned char[]){
#embed "page/views.js" suffix(, 0)
    }},
    {"charts.js", (const unsigned char[]){
#embed "page/charts.js" suffix(, 0)
    }},
    {"actions.js", (const unsigned char[]){
#embed "page/actions.js" suffix(, 0)
    }},
    {"compose.js", (const unsigned char[]){
#embed "page/compose.js" suffix(, 0)
    }},
    {"words.js", (const unsigned char[]){
#embed "page/words.js" suffix(, 0)
    }},
    {"zh.js", (const unsigned char[]){
#embed "page/zh.js" suffix(, 0)
    }},
    {"icon.svg", (const unsigned char[]){
#embed "page/icon.svg" suffix(, 0)
    }},
};

size_t fanoutd_page_count(void) { return sizeof files / sizeof files[0]; }
const char *fanoutd_page_name(size_t index) { return files[index].name; }
const char *fanoutd_page_text(size_t index) { return (const char *)files[index].text; }
