// Runs in: sallyport-respond (as the representative).
#include "auth/respond/help.h"

namespace sallyport {

const char* const kVersion = "sallyport-respond " SALLYPORT_VERSION "\n";

const char* const kHelp = R"(sallyport-respond: answers the challenge of a Sallyport gate.

Usage:
  sallyport-respond [options] -- ssh kim@gate     ssh, sftp or scp; challenges are answered by themselves
  sallyport-respond [options] [CHALLENGE]         prints the answer; asks for the challenge if none is given
  sallyport-respond --show [CHALLENGE]            prints what a challenge says, and answers nothing
  sallyport-respond --save [--suite SUITE] [--mutual]
                                                  stores the secret that you were given at enrolment

What you expect (a challenge that says otherwise is refused, and nothing is signed):
  --target NAME            the machine to be serviced, e.g. hmc1
  --grant ID               the grant, e.g. g-7k3m9q2x
  --services LIST          these services and no others, e.g. ssh,https
  --gate NAME              the gate's name

Signatures (ssh-keygen makes them: passphrases, ssh-agent, certificates, security keys):
  --key FILE               a private key, or the .pub or -cert.pub file of one in ssh-agent;
                           default: ~/.config/sallyport/key, else the first of ssh's own in ~/.ssh

Responses (OCRA, RFC 6287):
  --secret-file FILE       default: ~/.config/sallyport/secret
  --suite SUITE            default: the secret file's second line, else OCRA-1:HOTP-SHA256-8:QA10
  --mutual                 the gate must answer a question of yours first
  --counter N              for suites with a counter; default: kept beside the secret
  --session TEXT           for suites with session information, where it is not a gate's

Gates (~/.config/sallyport/known_gates; you are asked at first use, a changed key is refused):
  --list-gates             shows them
  --add-gate NAME SHA256:FINGERPRINT
  --forget-gate NAME
  --accept-new-gate        trusts a gate at first use without asking
  --known-hosts FILE       ssh's list, to tell that the challenge is of the machine that ssh is connected to;
                           default: ~/.ssh/known_hosts

Others:
  --clock-tolerance TIME   how far the gate's clock and yours may differ; default: 5m
  --ask-with PROGRAM       asks you where there is no terminal; default in a desktop: ssh-askpass
  --askpass PROMPT         answers this prompt of ssh's, for scripts that are somebody's SSH_ASKPASS
  --json                   the answer, or what a challenge says, as JSON
  --help, --version

Examples:
  sallyport-respond --target hmc1 -- ssh kim@gate.example.com
      you are asked for your password; the challenge is checked, shown and answered
  sallyport-respond K7XQM 3PDR4
      prints e.g. 4821 9930, to be typed or read out over the telephone
  sallyport-respond --grant g-7k3m9q2x
      asks for the challenge, pasted as it stands; prints the signature, a line for each prompt
  SSH_ASKPASS=sallyport-respond SSH_ASKPASS_REQUIRE=force ssh kim@gate.example.com
      the same as with --; options are then variables: SALLYPORT_TARGET=hmc1, SALLYPORT_KEY=..., and so on
  SALLYPORT_PASSWORD_FILE=~/.gate-password sallyport-respond --target hmc1 -- scp ...
      for scripts: the file answers the prompt "Gate password:" and no other; it must be readable by you alone

Exit status: 0 answered, 1 could not, 2 wrong usage, 3 refused: the challenge is not what you expect.
More: man sallyport-respond
)";

}  // namespace sallyport
