# Seconds, roughly, that each long test takes beside three others: ctest begins with the longest, so that the last one to
# begin is short. Without this table only a second run in the same folder is packed so; a fresh clone knows no times.
# Included at the end of each folder that has tests. Renewed from build/dev/Testing/Temporary/CTestCostData.txt.
set(costs
    e2e_login_refusals_test 165
    respond_alone 155
    e2e_https_webauthn_test 90
    e2e_i11_many_names_test 75
    e2e_https_gate_test 70
    e2e_pause_test 65
    e2e_signature_test 65
    e2e_dead_peer_test 65
    netns_firewall_model_test 60
    e2e_ocra_complete_test 60
    e2e_kill_sweep_test_1 60
    e2e_i11_same_words_test 60
    netns_gate_model 60
    e2e_kill_sweep_test_2 55
    e2e_https_slow_test 55
    e2e_browser_test 55
    e2e_ports_test 50
    e2e_browser_webauthn_test 45
    e2e_respond_gate_test 40
    e2e_files_test 40
    netns_forward_attack_test 35
    e2e_hostile_rep_test 35
    e2e_https_elsewhere_test 35
    e2e_hostile_target_packets_test 30
    e2e_https_differential_test 30
    e2e_sealed_secrets_test 30
    e2e_faults_test 30
    e2e_sending_tls_test 30
    e2e_clients_test 25
    e2e_sending_hostile_test 25
    unit_gateway_audit 25
    e2e_sending_test 25
    e2e_signature_keys_test 25
    e2e_hostile_target_test 25)
get_property(tests DIRECTORY PROPERTY TESTS)
while(costs)
  list(POP_FRONT costs test seconds)
  if(test IN_LIST tests)
    set_tests_properties(${test} PROPERTIES COST ${seconds})
  endif()
endwhile()
