// The white paper's table "Data Sent to IBM", against names as an HMC writes them. Runs in: unit tests.
#include "policies/file_kind.h"

#include "tests/catch.h"

using namespace sallyport;

namespace {

std::string kind(std::string_view path) {
  const auto* const found = kind_of(path);
  return found == nullptr ? "unknown" : std::string{found->description};
}

}  // namespace

TEST_CASE("every row of the white paper's table is known") {
  CHECK(kind("actzuict.dat") == "tasks performed");
  CHECK(kind("hmc.eed") == "HMC code level and connection information");
  CHECK(kind("iqyvpd.dat") == kind("iqyvpc.dat"));
  for (const auto* backup : {"iqyycom0.log", "iqyycom1.log", "iqyycom2.log"})
    CHECK(kind(backup) == "HMC firmware log, backup");
  CHECK(kind("iqyylog.log") == "HMC firmware log");
  CHECK(kind("PMap.eed") == "partition map");
  CHECK(kind("problems.xml") == "problems opened on the HMC");
  CHECK(kind("sys.eed") == "partitions, resources, dumps and code levels of a managed system");
  CHECK(kind("9105-42A_7812345.VPD.xml") == "configuration of a managed system");
  CHECK(kind("acuppd.tgz") == "HMC processes, network state, logs and cores");
  CHECK(kind("iqyypell.log") == "platform error log of the Operational Test");
  CHECK(kind("cisaSW.xml") == "software service information of an AIX partition");
  CHECK(kind("ServiceData.xml") == "summary of selective service operations");
  CHECK(kind("20260301100007_FST.xml") == "CHARM data");
  CHECK(kind("gardRecord.xml") == "de-commissioned resources");
  CHECK(kind("LPMFFDC") == "LPM resiliency");
  CHECK(kind("/data/adm/esa/heartbeat/17/9105-42A_7812345_Operating.iqyypell.log") == "heartbeat");
  CHECK(kind("/data/adm/esa/hardware/17/9105-42A_7812345.VPD.xml") == "configuration of a managed system");
  CHECK(kind("/data/adm/esa/software/17/9105-42A_7812345_3.xml") == "software of a partition");
  CHECK(kind("/var/adm/esa/sysinfo/9105.42A.7812345.cec.Sysinfo.xml") ==
        "system information of HMC, CEC or partition");
  CHECK(kind("9105_42A_7812345_3_DiskAnalytics_20260301100007123.xml") == "disk health");
  CHECK(kind("9105_42A_7812345_3_FLRT_20260301100007123-emgr.txt") == "fix level recommendations");
}

TEST_CASE("each type of dump is known by its full name only") {
  const std::pair<const char*, const char*> types[] = {
      {"SYSDUMP", "platform system dump"},         {"FSPDUMP", "service processor (FSP) dump"},
      {"BMCDUMP", "service processor (BMC) dump"}, {"SMADUMP", "SMA dump"},
      {"PWRDUMP", "power subsystem dump"},         {"LOGDUMP", "platform event log entry dump"},
      {"RSCDUMP", "platform resource dump"}};
  for (const auto& [type, description] : types) {
    const std::string name = type;
    CHECK(kind("/dump/" + name + ".7812345.0A000001.20260301100007") == description);
    CHECK(kind(name + ".7812345.0A000001.2026030110000") == "unknown");
    CHECK(kind(name + ".7812345.20260301100007") == "unknown");
    CHECK(kind("X" + name + ".7812345.0A000001.20260301100007") == "unknown");
  }
}

TEST_CASE("the families' other names are known, and everything else is unknown") {
  CHECK(kind("new.eed") == "extended error data");
  CHECK(kind("iqyye4.log") == "HMC firmware log information");
  for (const auto* name :
       {"", "/", "passwd", "/etc/shadow", "hmc.eed.sh", "actzuict.datx", "xiqyylog.log", "HMC.EED"}) {
    INFO(name);
    CHECK(kind(name) == "unknown");
  }
}

TEST_CASE("a pattern is all of a name, and no pattern is slow") {
  CHECK(matches("*", ""));
  CHECK(matches("a*b*c", "a--b--b--c"));
  CHECK_FALSE(matches("a*b*c", "a--b--b--"));
  CHECK(matches("##.?", "12.x"));
  CHECK_FALSE(matches("##.?", "1x.x"));
  CHECK_FALSE(matches("a", ""));
  CHECK_FALSE(matches("*a*a*a*a*a*a*a*a*b", std::string(4096, 'a')));
}
