// Runs in: sallyportd.
#include "policies/file_kind.h"

#include <array>

namespace sallyport {

namespace {

// In the order of the table; where two fit, the first counts. Names of the table with a machine's type, model
// and serial number or a time in them have * and # there. "filetype.machineSerial.dumpID.yyyymmddhhmmss" is
// one row a type.
constexpr std::array kKinds{
    FileKind{"actzuict.dat", "tasks performed"},
    FileKind{"hmc.eed", "HMC code level and connection information"},
    FileKind{"iqyvpd.dat", "configuration of the HMC"},
    FileKind{"iqyvpc.dat", "configuration of the HMC"},
    FileKind{"iqyycom#.log", "HMC firmware log, backup"},
    FileKind{"iqyylog.log", "HMC firmware log"},
    FileKind{"PMap.eed", "partition map"},
    FileKind{"problems.xml", "problems opened on the HMC"},
    FileKind{"sys.eed", "partitions, resources, dumps and code levels of a managed system"},
    FileKind{"SYSDUMP.*.*.##############", "platform system dump"},
    FileKind{"FSPDUMP.*.*.##############", "service processor (FSP) dump"},
    FileKind{"BMCDUMP.*.*.##############", "service processor (BMC) dump"},
    FileKind{"SMADUMP.*.*.##############", "SMA dump"},
    FileKind{"PWRDUMP.*.*.##############", "power subsystem dump"},
    FileKind{"LOGDUMP.*.*.##############", "platform event log entry dump"},
    FileKind{"RSCDUMP.*.*.##############", "platform resource dump"},
    FileKind{"acuppd.tgz", "HMC processes, network state, logs and cores"},
    FileKind{"iqyypell.log", "platform error log of the Operational Test"},
    FileKind{"cisaSW.xml", "software service information of an AIX partition"},
    FileKind{"ServiceData.xml", "summary of selective service operations"},
    FileKind{"##############_FST.xml", "CHARM data"},
    FileKind{"gardRecord.xml", "de-commissioned resources"},
    FileKind{"LPMFFDC*", "LPM resiliency"},
    FileKind{"*-*_*_Operating.iqyypell.log", "heartbeat"},
    FileKind{"*-*_*.VPD.xml", "configuration of a managed system"},
    FileKind{"*.*.*.*.Sysinfo.xml", "system information of HMC, CEC or partition"},
    FileKind{"*_*_*_*_DiskAnalytics_#################.xml", "disk health"},
    FileKind{"*_*_*_*_FLRT_#################-*.txt", "fix level recommendations"},
    FileKind{"####-???_*_*.xml", "software of a partition"},
    // Further names of the same families.
    FileKind{"*.eed", "extended error data"},
    FileKind{"iqyy*", "HMC firmware log information"},
    FileKind{"*.VPD.xml", "configuration of a managed system"},
};

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool fits(char wanted, char given) noexcept {
  return wanted == '#' ? is_digit(given) : wanted == '?' || wanted == given;
}

}  // namespace

// Of a * that turned out too short, the last one takes one byte more: no pattern makes this slow.
bool matches(std::string_view pattern, std::string_view name) noexcept {
  std::size_t p = 0, n = 0, star = pattern.npos, taken = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = n;
    } else if (p < pattern.size() && fits(pattern[p], name[n])) {
      ++p;
      ++n;
    } else if (star != pattern.npos) {
      p = star + 1;
      n = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == pattern.npos;
}

const FileKind* kind_of(std::string_view path) noexcept {
  const auto name = path.substr(path.rfind('/') + 1);
  for (const auto& kind : kKinds)
    if (matches(kind.pattern, name)) return &kind;
  return nullptr;
}

}  // namespace sallyport
