// sallyport, the console: what admins and the security team type. Runs in: sallyport.
#include "gateway/console/console.h"

int main(int argc, char** argv) { return sallyport::run_console(argc, argv); }
